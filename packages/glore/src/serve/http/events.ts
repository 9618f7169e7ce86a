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
  private readonly onWaiting: (size: number) => void;

  /** `onWaiting` is told how many characters wait for the client, whenever it changes. */
  constructor(onWaiting: (size: number) => void) {
    this.onWaiting = onWaiting;
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
    this.resize(event.length);
    this.more?.();
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
    this.resize(-length);
    return this.waiting.splice(0, count).join('');
  }

  /** The client has gone. */
  private drop(): void {
    this.waiting.length = 0;
    this.resize(-this.size);
    this.end();
  }

  private resize(by: number): void {
    this.size += by;
    this.onWaiting(this.size);
  }
}
