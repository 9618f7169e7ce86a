/** Server-sent events to one client, as fast as it takes them. */

/** Characters that are handed on at once: what is taken bit by bit shows that the client reads. */
const most = 64 * 2 ** 10;

export class Events {
  /** The body of the response. */
  readonly body: ReadableStream<Uint8Array>;
  private readonly waiting: string[] = [];
  /** Characters of what waits. */
  private size = 0;
  private ended = false;
  /** Goes on with a body that waits for more; undefined while none does. */
  private more: (() => void) | undefined;
  private readonly maxUnread: number;
  private readonly onFull: () => void;

  /** `onFull` is called once more than `maxUnread` characters wait. */
  constructor(maxUnread: number, onFull: () => void) {
    this.maxUnread = maxUnread;
    this.onFull = onFull;
    const encoder = new TextEncoder();
    this.body = new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          // What is sent in one go is handed on together.
          while (this.waiting.length === 0 && !this.ended) await this.next();
          if (this.waiting.length === 0) controller.close();
          else controller.enqueue(encoder.encode(this.take()));
        },
        cancel: () => this.drop(),
      },
      { highWaterMark: 0 },
    );
  }

  send(data: string): void {
    if (this.ended) return;
    const event = `data: ${data}\n\n`;
    this.waiting.push(event);
    this.size += event.length;
    this.more?.();
    if (this.size <= this.maxUnread) return;
    this.drop();
    this.onFull();
  }

  /** Nothing follows. */
  end(): void {
    this.ended = true;
    this.more?.();
  }

  private next(): Promise<void> {
    return new Promise((resolve) => {
      this.more = () => {
        this.more = undefined;
        resolve();
      };
    });
  }

  private take(): string {
    let count = 0;
    let length = 0;
    while (count < this.waiting.length && (count === 0 || length < most)) {
      length += this.waiting[count++]!.length;
    }
    this.size -= length;
    return this.waiting.splice(0, count).join('');
  }

  private drop(): void {
    this.waiting.length = 0;
    this.size = 0;
    this.end();
  }
}
