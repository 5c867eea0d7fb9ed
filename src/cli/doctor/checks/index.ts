import type { Check } from "../check.ts";
import { agentChannels } from "./agent-channels.ts";
import { clusterStack } from "./cluster-stack.ts";
import { configuration } from "./configuration.ts";
import { fencing } from "./fencing.ts";
import { libvirt } from "./libvirt.ts";
import { login } from "./login.ts";
import { nodeVersion } from "./node-version.ts";
import { processes } from "./processes.ts";
import { registration } from "./registration.ts";
import { shadowMode } from "./shadow-mode.ts";
import { stateDirectory } from "./state-directory.ts";
import { sudoRules } from "./sudo-rules.ts";
import { timeSync } from "./time-sync.ts";
import { tools } from "./tools.ts";
import { user } from "./user.ts";

/** All checks, in the order in which their findings are shown. */
export const CHECKS: readonly Check[] = [
  configuration,
  shadowMode,
  user,
  login,
  registration,
  timeSync,
  stateDirectory,
  nodeVersion,
  tools,
  sudoRules,
  processes,
  libvirt,
  agentChannels,
  clusterStack,
  fencing,
];
