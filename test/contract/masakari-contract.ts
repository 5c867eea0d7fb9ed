import { after, before, suite } from "node:test";
import { loginContract } from "./login-contract.ts";
import { notificationContract } from "./notification-contract.ts";
import { resourceContract } from "./resource-contract.ts";
import type { ContractTarget } from "./target.ts";
import { vmoveContract } from "./vmove-contract.ts";

export interface ContractOptions {
  readonly description: string;
  /** Why it cannot be tried here; false: it can. */
  readonly skip?: string | false;
  open(): Promise<ContractTarget>;
}

/**
 * The suite that defines what "compatible" means: what our client, and so a monitor and the `masakari` command, needs of a
 * Keystone and a Masakari. It passes against the real ones and against the embedded control plane alike.
 */
export function masakariContract({ description, skip = false, open }: ContractOptions): void {
  suite(`the contract, kept by ${description}`, { skip }, () => {
    let opened: ContractTarget | undefined;
    before(async () => {
      opened = await open();
    });
    after(async () => {
      await opened?.close();
    });
    const target = (): ContractTarget => {
      if (opened === undefined) throw new Error(`${description} is not up`);
      return opened;
    };
    loginContract(target);
    resourceContract(target);
    notificationContract(target);
    vmoveContract(target);
  });
}
