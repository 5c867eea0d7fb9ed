import { describeHolds } from "./pacemaker/holds.ts";

await describeHolds("kolla");
