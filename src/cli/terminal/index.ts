// What the command-line tool shows: `createOutput` (steps, progress, tables in three modes),
// `detectMode` (which of them fits the streams and the environment).
// Nothing here knows about the network; nothing outside writes to stdout.
export { detectMode, type ModeFlags, type OutputMode, type TerminalTraits } from './mode.js';
export { type Column, createOutput, type Output, type OutputOptions, type Progress, type Step } from './output.js';
