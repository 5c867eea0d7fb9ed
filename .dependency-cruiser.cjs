// The picture of docs/architecture.md, enforced: imports go down it, never up, and never sideways between monitors.
const monitors = "^src/(process|instance|introspective|host)/";
const lower = "^src/(notify|libvirt|openstack|status|system|http)/";
module.exports = {
  forbidden: [
    { name: "no-circular", severity: "error", from: {}, to: { circular: true } },
    {
      name: "only-cli-wires",
      severity: "error",
      from: { pathNot: "^(src/cli|test|scripts)/" },
      to: { path: "^src/cli/" },
    },
    {
      name: "no-monitor-to-monitor",
      severity: "error",
      from: { path: "^src/(process|instance|introspective|host)/" },
      to: { path: monitors, pathNot: "^src/$1/" },
    },
    { name: "contract-is-below-monitors", severity: "error", from: { path: "^src/monitor/" }, to: { path: monitors } },
    {
      name: "lower-rooms-look-down",
      severity: "error",
      from: { path: lower },
      to: { path: "^src/(monitor|control-plane|process|instance|introspective|host)/" },
    },
    {
      name: "system-is-a-floor",
      severity: "error",
      from: { path: "^src/system/" },
      to: { path: "^src/", pathNot: "^src/(system|config)/" },
    },
    {
      name: "http-knows-no-service",
      comment:
        "Whoever sends a request passes what its configuration calls the options; of this project it takes the shape of a clock.",
      severity: "error",
      from: { path: "^src/http/" },
      to: { path: "^src/|node_modules", pathNot: "^src/(http/|system/clock\\.ts$)" },
    },
    {
      name: "loaded-when-used",
      comment:
        "They cost a start 7 to 20 ms of CPU and up to 10 MB: see system/node-crypto.ts; `promises` of node:fs is loaded when it is used.",
      severity: "error",
      from: {
        path: "^src/",
        pathNot:
          "^src/(control-plane|libvirt/auth|cli/(sandbox|doctor|masakari|compare))/|^src/monitor/recording/read\\.ts$",
      },
      to: {
        path: "^(node:)?(fs/promises|zlib|crypto|https?|http2)$",
        dependencyTypesNot: ["type-only", "dynamic-import"],
      },
    },
    {
      name: "libvirt-stands-alone",
      comment:
        "A client that could be a package of its own: of this project it takes the shape of a log and of a clock.",
      severity: "error",
      from: { path: "^src/libvirt/" },
      to: { path: "^src/|node_modules", pathNot: "^src/(libvirt/|system/(log|clock)\\.ts$)" },
    },
    {
      name: "libvirt-has-one-entry",
      comment: "Its own tests and those that write a server's side of the protocol may look inside.",
      severity: "error",
      from: {
        pathNot: "^(src/libvirt/|test/unit/libvirt/|test/support/libvirt-server\\.ts$|test/bench/guests/relay\\.ts$)",
      },
      to: { path: "^src/libvirt/", pathNot: "^src/libvirt/mod\\.ts$" },
    },
    {
      name: "config-is-the-ground",
      severity: "error",
      from: { path: "^src/config/" },
      to: { path: "^src/", pathNot: "^src/config/" },
    },
    {
      name: "control-plane-is-its-own-program",
      severity: "error",
      from: { path: "^src/control-plane/" },
      to: { path: "^src/", pathNot: "^src/(control-plane|config|status|system)/" },
    },
    {
      name: "nobody-imports-the-control-plane",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/(control-plane|cli)/" },
      to: { path: "^src/control-plane/" },
    },
    {
      name: "decide-is-pure",
      severity: "error",
      from: { path: "^src/[^/]+/decide(\\.ts|/)" },
      to: {
        path: "^(node:|src/.*(sense|act)|src/(openstack|http|system)/(?!(clock|plural)\\.ts))|node_modules",
        dependencyTypesNot: ["type-only"],
      },
    },
    { name: "src-never-imports-tests", severity: "error", from: { path: "^src/" }, to: { path: "^test/" } },
  ],
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "default"] },
  },
};
