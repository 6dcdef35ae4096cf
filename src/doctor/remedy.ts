/** Remedies that several checks have. */

/** Without its policies and its options, the command would replace them by the defaults. */
export function applyAgain(namespace: string): string {
  return `apply the manifests again; OPTIONS are those of your installation, such as --tls, --ca, and --fail: tidewaiter manifests -n ${namespace} -p POLICIES OPTIONS | kubectl apply -f -`;
}
