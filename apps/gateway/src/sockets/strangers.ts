/** Guards of this process: a client that means well has sent its key before the next socket is opened. */
const MOST_OF_ADDRESS = 50;
const MOST = 2_000;

/** The sockets that are open and whose API key was not accepted yet, by the address that they come from. */
export class Strangers {
  private readonly byAddress = new Map<string, number>();
  private many = 0;

  /** Undefined where there are as many as there may be; else how to say that it is none any more, or gone. */
  add(address: string): (() => void) | undefined {
    const others = this.byAddress.get(address) ?? 0;
    if (others >= MOST_OF_ADDRESS || this.many >= MOST) return undefined;
    this.byAddress.set(address, others + 1);
    this.many += 1;
    let counts = true;
    return () => {
      if (!counts) return;
      counts = false;
      this.many -= 1;
      const left = this.byAddress.get(address)! - 1;
      if (left === 0) this.byAddress.delete(address);
      else this.byAddress.set(address, left);
    };
  }
}
