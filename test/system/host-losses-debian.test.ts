import { describeLosses } from "./pacemaker/losses.ts";

await describeLosses("debian");
