/** The settings that select an API server. */
export interface ClusterSettings {
  /** `auto`: the cluster of this Pod, or of `kubeconfig` and `context` if one of them is set; otherwise none. */
  readonly mode: 'auto' | 'on' | 'off';
  /** The setting that contains the mode: `--cluster`, `TIDEWAITER_CLUSTER`, `tidewaiter.yaml:3`, or `default`. */
  readonly from: string;
  /** A file, instead of $KUBECONFIG and ~/.kube/config. */
  readonly kubeconfig: string | undefined;
  /** Instead of the current context of the kubeconfig. */
  readonly context: { readonly name: string; readonly from: string } | undefined;
}
