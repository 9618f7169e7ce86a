/** What waits for clients to take it: of bounded size for each, and together. */

/** Who takes what waits, or does not. */
interface Reader {
  readonly gone: boolean;
  cut(what: string): void;
}

/** So many times what may wait of one stream may wait for all clients. */
const mostClients = 16;

export class Unread {
  private readonly most: number;
  private readonly sizes = new Map<Reader, number>();
  private total = 0;

  /** `most`: characters of one stream. */
  constructor(most: number) {
    this.most = most;
  }

  /** Tells how many characters of a stream, which goes on, wait for a client. Who leaves too much is cut off. */
  stream(client: Reader, size: number): void {
    if (size <= this.most) this.set(client, size);
    else {
      this.forget(client);
      client.cut(`left more than ${this.most} characters unread`);
    }
  }

  /** Tells how many characters wait for a client. Of all clients together who leaves most is cut off. */
  set(client: Reader, size: number): void {
    this.forget(client);
    if (size === 0 || client.gone) return;
    this.sizes.set(client, size);
    this.total += size;
    while (this.total > mostClients * this.most) {
      const [largest] = [...this.sizes].reduce((a, b) => (b[1] > a[1] ? b : a));
      this.forget(largest);
      largest.cut('left more unread than any other, while there was no room for more');
    }
  }

  private forget(client: Reader): void {
    this.total -= this.sizes.get(client) ?? 0;
    this.sizes.delete(client);
  }
}
