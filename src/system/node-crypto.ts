/**
 * Loaded when it is first used, which most runs never do. An `import` would load it at the start, in each program and in its disk
 * thread: it consists of 20 modules.
 */
export const nodeCrypto = () => process.getBuiltinModule("node:crypto");
