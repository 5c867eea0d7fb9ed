import type { SecurityLayer } from "../message-stream.ts";

/** One run of a SASL mechanism, from the client's side. */
export interface Exchange {
  /** What goes with the first message; undefined: nothing, the server begins. */
  readonly initial: Buffer | undefined;
  /**
   * The response to what the server sent; undefined: nothing more to send.
   * @throws AuthError if the server does not prove that it knows the password, ProtocolError for what cannot be read
   */
  respond(challenge: Buffer): Promise<Buffer | undefined> | Buffer | undefined;
  /** Everything that the server has to prove is proven. */
  readonly satisfied: boolean;
  /** What both sides use from now on, if that was agreed. */
  readonly layer: SecurityLayer | undefined;
}

export interface ExchangeOptions {
  readonly username: string;
  readonly password: string;
  readonly realm: string | undefined;
  /** The server's name as this side knows it. */
  readonly hostname: string;
  /** The stream is not private: what follows must be encrypted by SASL. */
  readonly needsLayer: boolean;
  /** Printable and unpredictable; a test may fix it. */
  readonly nonce: string;
}

export interface Mechanism {
  /** It can encrypt what follows. */
  readonly offersLayer: boolean;
  begin(options: ExchangeOptions): Exchange;
}
