import type { Option, ValueOf } from "./option.ts";
import { apiTable } from "./tables/api.ts";
import { callbackTable } from "./tables/callback.ts";
import { consulTable } from "./tables/consul.ts";
import { defaultTable } from "./tables/default.ts";
import { hostTable } from "./tables/host.ts";
import { instanceTable } from "./tables/instancemonitor.ts";
import { introspectiveTable } from "./tables/introspectiveinstancemonitor.ts";
import { kubernetesTable } from "./tables/kubernetes.ts";
import { libvirtTable } from "./tables/libvirt.ts";
import { metricsTable } from "./tables/metrics.ts";
import { notificationsTable } from "./tables/notifications.ts";
import { pageTable } from "./tables/page.ts";
import { privsepTable } from "./tables/privsep.ts";
import { processTable } from "./tables/process.ts";

/** Every option there is: the single source for reading, checking, help, the sample file and the documentation. */
export const sections = {
  DEFAULT: defaultTable,
  api: apiTable,
  callback: callbackTable,
  consul: consulTable,
  host: hostTable,
  instancemonitor: instanceTable,
  introspectiveinstancemonitor: introspectiveTable,
  kubernetes: kubernetesTable,
  libvirt: libvirtTable,
  masakarimonitors_privileged: privsepTable,
  metrics: metricsTable,
  notifications: notificationsTable,
  page: pageTable,
  process: processTable,
} as const;

type Values<Options> = {
  readonly [Name in keyof Options]: Options[Name] extends Option ? ValueOf<Options[Name]> : never;
};

/** The effective values, by section and option under their oslo names: `config.process.check_interval`. */
export type Config = {
  readonly [Section in keyof typeof sections]: Values<(typeof sections)[Section]["options"]>;
};
