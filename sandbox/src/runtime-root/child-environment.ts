type Environment = Readonly<Record<string, string | undefined>>;

/** What apt, npm and their libraries read to reach a mirror through a proxy or with a private certificate authority. */
const NETWORK_VARIABLES = new Set([
  'http_proxy',
  'https_proxy',
  'ftp_proxy',
  'all_proxy',
  'no_proxy',
  'ssl_cert_file',
  'ssl_cert_dir',
  'curl_ca_bundle',
  'requests_ca_bundle',
  'node_extra_ca_certs',
]);

/** Settings of npm that say where the registry is and how to reach it; others (prefix, workspace, omit …) would bend our call. */
const NPM_SETTINGS =
  /^npm_config_(registry|proxy|https_proxy|noproxy|cafile|ca|cert|key|strict_ssl|userconfig|globalconfig|cache|fetch_\w+|maxsockets|\/\/.*|@.*|_auth\w*)$/i;

/** The environment of tools that reach the network: small, with what they need to find their registry and nothing else. */
export function toolEnvironment(environment: Environment): Record<string, string> {
  const kept: Record<string, string> = {
    PATH: environment['PATH'] ?? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: environment['HOME'] ?? '/root',
    LC_ALL: 'C.UTF-8',
    DEBIAN_FRONTEND: 'noninteractive',
  };
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined) continue;
    if (NETWORK_VARIABLES.has(name.toLowerCase()) || NPM_SETTINGS.test(name)) kept[name] = value;
  }
  return kept;
}
