/** What sonic-boom uses of Node's `assert`, which would cost each monitor 0.4 MB. */
module.exports = (condition, message) => {
  if (!condition) throw new Error(message);
};
