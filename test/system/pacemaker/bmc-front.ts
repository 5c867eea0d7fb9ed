import { createSocket, type Socket } from "node:dgram";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * `node bmc-front.ts FOLDER ADDRESS…`: stands in front of the ipmi_sim of each address, port 623 → 9623. It answers the one request that
 * ipmitool 1.8.19 sends first and OpenIPMI's ipmi_sim 2.0.33 drops (RMCP+ without a session: Get Channel Cipher Suites), without
 * which ipmitool takes 10 s, and passes everything else on. The file `FOLDER/ADDRESS` makes a BMC `ok`, `silent` or slow
 * (`500`: each response that many ms late).
 */
const [FRONT_PORT, SIMULATOR_PORT] = [623, 9623];
const RMCP_PLUS = 6;
const APPLICATION_REQUEST = 6;
const GET_CHANNEL_CIPHER_SUITES = 0x54;
/** Cipher suite 3: RAKP-HMAC-SHA1, HMAC-SHA1-96, AES-CBC-128 (IPMI 2.0, table 22-19). */
const SUITE_3 = [0xc0, 3, 0x01, 0x41, 0x81];

const [folder = "", ...addresses] = process.argv.slice(2);

const checksum = (bytes: readonly number[]): number => -bytes.reduce((sum, byte) => sum + byte, 0) & 0xff;

function cipherSuitesReply(request: Buffer): Buffer | undefined {
  if (request.length < 23 || request[4] !== RMCP_PLUS || request[5] !== 0 || request.readUInt32LE(6) !== 0)
    return undefined;
  const message = request.subarray(16, 16 + request.readUInt16LE(14));
  const [responder = 0, netFunction = 0, , requester = 0, sequence = 0, command, , , index = 0] = message;
  if (netFunction >> 2 !== APPLICATION_REQUEST || command !== GET_CHANNEL_CIPHER_SUITES) return undefined;
  const head = [requester, ((APPLICATION_REQUEST + 1) << 2) | (sequence & 3)];
  const tail = [responder, sequence, command, 0, 1, ...((index & 0x3f) === 0 ? SUITE_3 : [])];
  const reply = [...head, checksum(head), ...tail, checksum(tail)];
  const header = Buffer.alloc(16);
  request.copy(header, 0, 0, 4);
  header[4] = RMCP_PLUS;
  header.writeUInt16LE(reply.length, 14);
  return Buffer.concat([header, Buffer.from(reply)]);
}

function serve(address: string): void {
  const front = createSocket("udp4");
  const behind = new Map<string, Socket>();
  const send = (data: Buffer, port: number, client: string): void => {
    const mode = readFileSync(join(folder, address), "utf8");
    if (mode === "silent") return;
    setTimeout(() => front.send(data, port, client), mode === "ok" ? 0 : Number(mode));
  };
  front.on("message", (data, { address: client, port }) => {
    const suites = cipherSuitesReply(data);
    if (suites !== undefined) return send(suites, port, client);
    const key = `${client}:${port}`;
    let socket = behind.get(key);
    if (socket === undefined) {
      socket = createSocket("udp4");
      socket.on("message", (reply) => send(reply, port, client));
      // The simulator of a test that ends is gone.
      socket.on("error", () => undefined);
      behind.set(key, socket);
    }
    socket.send(data, SIMULATOR_PORT, address);
  });
  front.bind(FRONT_PORT, address, () => process.stdout.write(`listening ${address}\n`));
}

for (const address of addresses) serve(address);
