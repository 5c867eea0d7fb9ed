import { serveDiskThread } from "../system/disk/serve-thread.ts";
import { diskOperations } from "./disk.ts";

serveDiskThread(diskOperations);
