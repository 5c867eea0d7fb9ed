import { randomUUID } from "node:crypto";
import { masakariContract } from "../contract/masakari-contract.ts";
import { callJson, type Login } from "./openstack/keystone-api.ts";
import { missingPackages } from "./openstack/packages.ts";
import { enterOpenStack, forTests } from "./openstack/shared.ts";

masakariContract({
  description: "Keystone and masakari-api of Debian 12",
  skip: await missingPackages(),
  open: async () => {
    const site = await enterOpenStack();
    const { keystoneUrl, monitors } = site.address;
    const demo = { username: `demo-${randomUUID()}`, password: "demo-secret-of-tests", project: "demo" };
    await site.keystoneApi.createUser(demo, "member");
    const login = ({ username, password, project }: Login) => ({
      auth_type: "password",
      auth_url: keystoneUrl,
      username,
      password,
      project_name: project,
      user_domain_name: "Default",
      project_domain_name: "Default",
      region: site.region,
    });
    return {
      api: login(monitors),
      member: login(demo),
      applicationCredential: await createApplicationCredential(keystoneUrl, await site.keystoneApi.token(monitors)),
      duplicateInterval: forTests.duplicateInterval ?? 180,
      close: async () => await site.close(),
    };
  },
});

async function createApplicationCredential(keystoneUrl: string, token: string) {
  const { body: own } = await callJson("GET", `${keystoneUrl}/auth/tokens`, {
    token,
    headers: { "X-Subject-Token": token },
  });
  const credential = { name: `contract-${randomUUID()}`, secret: "application-secret-of-tests" };
  const path = `/users/${own.token.user.id}/application_credentials`;
  await callJson("POST", `${keystoneUrl}${path}`, { token, body: { application_credential: credential } });
  return credential;
}
