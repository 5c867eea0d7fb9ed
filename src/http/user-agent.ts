/** `masakari-processmonitor masakari-monitors-ts/0.1.0 node/24.21.0`: the program first, as keystoneauth writes it. */
export function userAgent(program: string, version: string): string {
  return `${program} masakari-monitors-ts/${version} node/${process.versions.node}`;
}
