import { nodeCrypto } from "../system/node-crypto.ts";

/** What a request on the TCP port has to give. */
export interface TcpLogin {
  readonly username: string;
  readonly password: string;
}

/** @returns whether an `Authorization` header has this user name and password; it takes the same time whatever the header is */
export function basicLogin({ username, password }: TcpLogin): (authorization: string | undefined) => boolean {
  const wanted = digest(`${username}:${password}`);
  return (authorization = "") => {
    const [, encoded = ""] = /^Basic +([A-Za-z0-9+/=_-]+) *$/i.exec(authorization) ?? [];
    return nodeCrypto().timingSafeEqual(digest(Buffer.from(encoded, "base64").toString("utf8")), wanted);
  };
}

/** Equal in length for every text, so that the comparison shows nothing of the password's. */
const digest = (text: string): Buffer => nodeCrypto().createHash("sha256").update(text).digest();
