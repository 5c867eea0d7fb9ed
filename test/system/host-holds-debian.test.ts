import { describeHolds } from "./pacemaker/holds.ts";

await describeHolds("debian");
