/** `service logs`: `web.1.x8q2@host2    | line`, one colour per task. */
import { styleText } from 'node:util';
import { shortId } from '#lib';
import { LogStream } from '#proto';
import type { LogChunk, Node, Task } from '#proto';

export interface LogFormat {
  readonly isRaw: boolean;
  readonly hasTimes: boolean;
  readonly hasNames: boolean;
  readonly hasTaskIds: boolean;
  readonly isTruncated: boolean;
  readonly hasColour: boolean;
}

const colours = ['cyan', 'yellow', 'green', 'magenta', 'blue', 'red'] as const;

export class LogPrinter {
  readonly #format: LogFormat;
  readonly #nodes = new Map<string, string>();
  readonly #tasks = new Map<string, Task>();
  readonly #colourOf = new Map<string, (typeof colours)[number]>();
  readonly #decoder = new TextDecoder();
  #prefixWidth = 0;

  constructor(format: LogFormat) {
    this.#format = format;
  }

  setNodes(nodes: readonly Node[]): void {
    for (const node of nodes) this.#nodes.set(node.id, node.description?.hostname || node.id);
  }

  setTasks(tasks: readonly Task[]): void {
    for (const task of tasks) this.#tasks.set(task.id, task);
  }

  /** False when the task came after the last `setTasks`. */
  knows(taskId: string): boolean {
    return taskId === '' || this.#tasks.has(taskId);
  }

  /** What goes to standard output and standard error; each with its line end. */
  print(chunk: LogChunk): { readonly out: string; readonly err: string } {
    if (chunk.error !== '') {
      const node = this.#nodes.get(chunk.nodeId) ?? chunk.nodeId;
      return { out: '', err: `tsctl: ${node}: ${chunk.error}\n` };
    }
    const text = this.#decoder.decode(chunk.line);
    const time = this.#format.hasTimes ? `${new Date(chunk.atMs).toISOString()} ` : '';
    const line = `${time}${this.#prefix(chunk)}${text}\n`;
    return chunk.stream === LogStream.STDERR ? { out: '', err: line } : { out: line, err: '' };
  }

  #prefix(chunk: LogChunk): string {
    if (this.#format.isRaw) return '';
    const name = this.#taskName(chunk);
    this.#prefixWidth = Math.max(this.#prefixWidth, name.length);
    const padded = name.padEnd(this.#prefixWidth);
    return `${this.#coloured(chunk.taskId, padded)} | `;
  }

  #taskName(chunk: LogChunk): string {
    const { hasNames, hasTaskIds, isTruncated } = this.#format;
    const id = isTruncated ? shortId(chunk.taskId) : chunk.taskId;
    const task = this.#tasks.get(chunk.taskId);
    const node = hasNames ? (this.#nodes.get(chunk.nodeId) ?? chunk.nodeId) : chunk.nodeId;
    if (!hasNames || task === undefined) return `${id}@${node}`;
    const place = task.slot > 0 ? String(task.slot) : shortId(task.nodeId);
    const several = (task.spec?.containers.length ?? 1) > 1 ? `/${chunk.containerName}` : '';
    return `${task.serviceName}.${place}${hasTaskIds ? `.${id}` : ''}${several}@${node}`;
  }

  #coloured(taskId: string, text: string): string {
    if (!this.#format.hasColour) return text;
    let colour = this.#colourOf.get(taskId);
    if (colour === undefined) {
      colour = colours[this.#colourOf.size % colours.length] ?? 'cyan';
      this.#colourOf.set(taskId, colour);
    }
    return styleText(colour, text, { validateStream: false });
  }
}
