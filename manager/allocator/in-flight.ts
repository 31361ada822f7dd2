/**
 * Ids of what is being written, by table. No key is made of the two: V8 keeps every string that a set was asked for in
 * one table for the whole process, which stops everything while it grows.
 */
export class InFlight {
  readonly networks = new Set<string>();
  readonly services = new Set<string>();
  readonly tasks = new Set<string>();

  get isEmpty(): boolean {
    return this.networks.size + this.services.size + this.tasks.size === 0;
  }

  clear(): void {
    this.networks.clear();
    this.services.clear();
    this.tasks.clear();
  }
}
