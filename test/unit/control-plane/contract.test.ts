import { startControlPlane } from "../../../src/control-plane/control-plane.ts";
import { masakariContract } from "../../contract/masakari-contract.ts";
import { KeptLog } from "../../support/kept-log.ts";

for (const release of ["1.2", "1.3"] as const) {
  masakariContract({
    description: `the embedded control plane with microversion ${release}`,
    open: async () => {
      const applicationCredential = { name: "contract", secret: "application-secret-of-tests" };
      const user = (name: string) => ({ name, password: `${name}-secret-of-tests`, project: name });
      const [admin, member] = [user("masakari"), user("demo")];
      const controlPlane = await startControlPlane({
        database: ":memory:",
        users: [
          { ...admin, roles: ["admin"], applicationCredentials: [applicationCredential] },
          { ...member, roles: ["member"] },
        ],
        release,
        log: new KeptLog(),
      });
      const login = ({ name, password, project }: typeof admin) => ({
        auth_type: "password",
        auth_url: controlPlane.keystoneUrl,
        username: name,
        password,
        project_name: project,
        user_domain_name: "Default",
        project_domain_name: "Default",
        region: "RegionOne",
      });
      return {
        api: login(admin),
        member: login(member),
        applicationCredential,
        duplicateInterval: 180,
        close: async () => await controlPlane.close(),
      };
    },
  });
}
