/** What network devices do by themselves: ethtool(8). */
export type { Ethtool, Feature, FeatureChanges } from './ethtool.js';
