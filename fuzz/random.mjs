/** Numbers and choices that follow from a seed, so that a case can be had again. */

/** A stream of its own for each case of each target. */
export class Random {
  #state;

  /** @param {...(string | number)} names what the stream follows from */
  constructor(...names) {
    // FNV-1a, with a different beginning for each of four words.
    this.#state = Uint32Array.from([1, 2, 3, 4], (word) => {
      let hash = 0x811c9dc5 ^ Math.imul(word, 0x9e3779b1);
      for (const character of names.join('/')) {
        hash = Math.imul(hash ^ character.codePointAt(0), 0x01000193);
      }
      return hash;
    });
    for (let i = 0; i < 12; i++) this.#next();
  }

  /** sfc32 (Doty-Humphrey, PractRand). */
  #next() {
    const s = this.#state;
    const sum = (s[0] + s[1] + s[3]++) | 0;
    s[0] = s[1] ^ (s[1] >>> 9);
    s[1] = s[2] + (s[2] << 3);
    s[2] = ((s[2] << 21) | (s[2] >>> 11)) + sum;
    return sum >>> 0;
  }

  /** From 0 to below 1. */
  share() {
    return this.#next() / 2 ** 32;
  }

  /** A whole number from `least` to `most`, both among them. */
  whole(least, most) {
    return least + Math.floor(this.share() * (most - least + 1));
  }

  chance(probability) {
    return this.share() < probability;
  }

  /** One of a list. */
  of(list) {
    return list[Math.floor(this.share() * list.length)];
  }

  /** So many of a list, some perhaps more than once. */
  several(list, least, most) {
    return Array.from({ length: this.whole(least, most) }, () => this.of(list));
  }

  /** A whole number whose order of magnitude is as likely as any other, up to `most`. */
  size(most) {
    return Math.floor(Math.exp(this.share() * Math.log(most + 1)));
  }
}
