import { describeTogether } from "./pacemaker/together.ts";

await describeTogether();
