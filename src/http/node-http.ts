/**
 * Node's HTTP, server and client. Not by `import`: a module namespace reads every export of node:http, and its WebSocket
 * loads 6 MB of undici.
 */
export const http = process.getBuiltinModule("node:http");
