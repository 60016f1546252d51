export type Command = Readonly<Record<string, unknown>>;
