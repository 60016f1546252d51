import { type Change, formatChange } from '../router/steps.js';

/** A network, a router, a network's DHCP, or a bridge of Open vSwitch. */
export interface UnitReport {
  readonly kind: 'network' | 'router' | 'dhcp' | 'switch';
  readonly id: string;
  readonly outcome: 'created' | 'updated' | 'unchanged' | 'deleted' | 'failed';
  /** What was done; of one that failed, what was to be done and has been taken back. */
  readonly changes: readonly Change[];
  /** Why it failed. */
  readonly error?: Error;
}

/** What `Node.apply` did, unit by unit. */
export class NodeReport {
  readonly units: readonly UnitReport[];

  constructor(units: readonly UnitReport[]) {
    this.units = units;
  }

  /** Those that failed, and are as they were before. */
  get failed(): readonly UnitReport[] {
    return this.units.filter(({ outcome }) => outcome === 'failed');
  }

  /** Whether all is as described. */
  get ok(): boolean {
    return this.failed.length === 0;
  }

  /** A line for each unit that was changed or failed, and one that counts. */
  toString(): string {
    const lines = this.units
      .filter(({ outcome }) => outcome !== 'unchanged')
      .map(({ kind, id, outcome, changes, error }) => {
        const what = error ? error.message : `${changes.length} ${changes.length === 1 ? 'change' : 'changes'}`;
        return `${kind} ${id}: ${outcome}, ${what}`;
      });
    const count = (outcome: UnitReport['outcome']): number =>
      this.units.filter((unit) => unit.outcome === outcome).length;
    const outcomes = ['created', 'updated', 'unchanged', 'deleted', 'failed'] as const;
    const counts = outcomes.map((outcome) => `${count(outcome)} ${outcome}`);
    return [...lines, counts.join(', ')].join('\n');
  }
}

/** What `Node.apply` would do to one unit. */
export interface UnitPlan {
  readonly kind: UnitReport['kind'];
  readonly id: string;
  readonly changes: readonly Change[];
}

/** What `Node.apply` would do. */
export class NodePlan {
  /** Those that would be changed. */
  readonly units: readonly UnitPlan[];

  constructor(units: readonly UnitPlan[]) {
    this.units = units.filter(({ changes }) => changes.length > 0);
  }

  get changes(): readonly Change[] {
    return this.units.flatMap(({ changes }) => changes);
  }

  /** As `terraform plan` prints it: each unit with its changes, `+` created, `~` updated, `-` deleted; then how many of each. */
  toString(): string {
    const lines = this.units.flatMap(({ kind, id, changes }) => [
      `${kind} ${id}`,
      ...changes.map((change) => `  ${formatChange(change)}`),
    ]);
    const count = (action: Change['action']): number =>
      this.changes.filter((change) => change.action === action).length;
    return [...lines, `${count('create')} to create, ${count('update')} to update, ${count('delete')} to delete`].join(
      '\n',
    );
  }
}
