/** The end of the namespace of a server: its webhook configurations are deleted with it. */
import type { ServerLog } from '../../server/log.ts';
import type { OpenApi } from '../../wiring.ts';

export interface NamespaceEndUse {
  /** Whether the namespace is being deleted, as far as is known. */
  isKnown(): boolean;
  /** For a server that stops: the namespace can be the reason. Ends within seconds. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** undefined: no cluster is used. */
export async function openNamespaceEnd(
  openApi: OpenApi,
  log: Pick<ServerLog, 'info' | 'warn'>,
): Promise<NamespaceEndUse | undefined> {
  const api = await openApi();
  if (api === undefined) return undefined;
  const { followNamespace } = await import('../../cluster/certificate/namespace-end.ts');
  let reported: string | undefined;
  const end = followNamespace(api, {
    onNote: (note) => log.info({}, note),
    onProblem(problem) {
      if (problem !== reported) {
        log.warn({}, `webhook configurations may remain when namespace "${api.namespace}" is deleted: ${problem}`);
      }
      reported = problem;
    },
  });
  void end.check();
  return {
    isKnown: () => end.isKnown(),
    check: () => end.check(),
    async close() {
      end.stop();
      await api.close();
    },
  };
}
