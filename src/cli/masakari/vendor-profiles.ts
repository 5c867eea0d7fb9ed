import type { Mapping } from "./cloud-files.ts";

const over = (message: string): Mapping => ({ status: "shutdown", message });

/**
 * The vendor profiles that openstacksdk 4.20.0 (openstack/config/vendors) has built in: what of them a login needs. A profile of a profile is
 * fetched from the vendor. OVH's is that of 0.101.0, which needs no fetching. Not otc-swiss, whose auth_url is no URL.
 */
export const vendorProfiles: Mapping = {
  auro: {
    auth: { auth_url: "https://api.van2.auro.io:5000/v3", user_domain_name: "Default", project_domain_name: "Default" },
    region_name: "RegionOne",
  },
  betacloud: over("betacloud.de has ceased business"),
  binero: { auth: { auth_url: "https://auth.binero.cloud:5000/v3" }, regions: ["europe-se-1"] },
  bluebox: { region_name: "RegionOne" },
  catalyst: { auth: { auth_url: "https://api.cloud.catalyst.net.nz:5000/v2.0" }, regions: ["nz-por-1", "nz_wlg_2"] },
  citycloud: {
    auth: { auth_url: "https://{region_name}.citycloud.com:5000/v3/" },
    regions: ["Buf1", "Fra1", "Sto2", "Kna1", "dx1", "tky1"],
  },
  conoha: { auth: { auth_url: "https://identity.{region_name}.conoha.io" }, regions: ["sin1", "sjc1", "tyo1"] },
  dreamcompute: { auth: { auth_url: "https://iad2.dream.io:5000" }, region_name: "RegionOne" },
  elastx: { auth: { auth_url: "https://ops.elastx.cloud:5000/v3" }, region_name: "se-sto" },
  entercloudsuite: {
    auth: { auth_url: "https://api.entercloudsuite.com/" },
    regions: ["it-mil1", "nl-ams1", "de-fra1"],
  },
  fuga: {
    auth: {
      auth_url: "https://identity.api.fuga.io:5000",
      user_domain_name: "Default",
      project_domain_name: "Default",
    },
    regions: ["cystack"],
  },
  ibmcloud: over("the API Endpoint is no longer responsive"),
  internap: over("Internap have been rebranded as HorizonIQ"),
  limestonenetworks: { auth: { auth_url: "https://auth.cloud.lstn.net:5000/v3" }, regions: ["us-dfw-1", "us-slc"] },
  otc: {
    auth: { auth_url: "https://iam.{region_name}.otc.t-systems.com/v3" },
    regions: ["eu-de", "eu-nl"],
    interface: "public",
  },
  "ovh-us": {
    auth: { auth_url: "https://auth.cloud.ovh.us/", user_domain_name: "Default", project_domain_name: "Default" },
    regions: ["US-EAST-VA-1", "US-WEST-OR-1", "US-EAST-VA", "US-WEST-OR"],
  },
  ovh: {
    auth: { auth_url: "https://auth.cloud.ovh.net/", user_domain_name: "Default", project_domain_name: "Default" },
    regions: [
      "BHS",
      "BHS1",
      "BHS3",
      "BHS5",
      "DE",
      "DE1",
      "GRA",
      "GRA1",
      "GRA5",
      "GRA7",
      "SBG",
      "SBG1",
      "SBG5",
      "UK",
      "UK1",
      "WAW",
      "WAW1",
      "SYD1",
      "SGP1",
    ],
  },
  rackspace: {
    auth: { auth_url: "https://identity.api.rackspacecloud.com/v2.0/" },
    regions: ["DFW", "HKG", "IAD", "ORD", "SYD", "LON"],
  },
  switchcloud: { auth: { auth_url: "https://identity.compute.cloud.switch.ch/v3" }, regions: ["zhw", "zhc"] },
  switchengines: { auth: { auth_url: "https://keystone.cloud.switch.ch:5000/v3" }, regions: ["LS", "ZH"] },
  ultimum: over("ultimum-cloud.com has ceased business"),
  unitedstack: over("the API Endpoint is no longer responsive"),
  vexxhost: { profile: "https://vexxhost.com" },
  zetta: { auth: { auth_url: "https://identity.api.zetta.io/v3" }, regions: ["no-osl1"] },
};
