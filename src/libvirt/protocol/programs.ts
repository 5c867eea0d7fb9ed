/** RPC programs (remote_protocol.x, qemu_protocol.x, virkeepaliveprotocol.x); all three are at version 1. */
export const program = {
  remote: 0x20008086,
  qemu: 0x20008087,
  keepalive: 0x6b656570,
} as const;

export const PROGRAM_VERSION = 1;

/** Procedures of the keepalive program; both are of type MESSAGE, with serial 0 and no payload. */
export const keepaliveProcedure = { ping: 1, pong: 2 } as const;
