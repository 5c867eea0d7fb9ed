/**
 * The RC4 stream cipher. Broken as a cipher and dropped from OpenSSL 3, but the one that DIGEST-MD5 leaves on libvirt's
 * plain TCP. Its state goes on over all that it is given.
 */
export class Rc4 {
  readonly #state = Uint8Array.from({ length: 256 }, (_, at) => at);
  #i = 0;
  #j = 0;

  constructor(key: Uint8Array) {
    let j = 0;
    for (let i = 0; i < 256; i++) {
      j = (j + this.#at(i) + (key[i % key.length] ?? 0)) & 0xff;
      this.#swap(i, j);
    }
  }

  /** Encrypts or decrypts, which is the same. */
  apply(data: Uint8Array): Buffer {
    const out = Buffer.allocUnsafe(data.length);
    for (let at = 0; at < data.length; at++) {
      this.#i = (this.#i + 1) & 0xff;
      this.#j = (this.#j + this.#at(this.#i)) & 0xff;
      this.#swap(this.#i, this.#j);
      out[at] = (data[at] ?? 0) ^ this.#at((this.#at(this.#i) + this.#at(this.#j)) & 0xff);
    }
    return out;
  }

  #at(index: number): number {
    return this.#state[index] ?? 0;
  }

  #swap(a: number, b: number): void {
    const kept = this.#at(a);
    this.#state[a] = this.#at(b);
    this.#state[b] = kept;
  }
}
