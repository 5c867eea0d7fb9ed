/** Loaded when it is first used: it costs 2 MB and 11 ms of CPU, in the program and again in its disk thread, which does not use it. */
export const nodeZlib = () => process.getBuiltinModule("node:zlib");
