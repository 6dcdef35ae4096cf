/** The facts of a cluster for a command, after one request that shows whether the cluster responds to the user. */
import { ApiError, type ClusterApi } from '../cluster/api.ts';
import { type CommandFacts, createCommandFacts } from '../cluster/facts/command-facts.ts';

/** Without this request, an expired login would only make all facts unknown. Rejects with an ApiError or an ApiOutage. */
export async function commandFacts(api: ClusterApi): Promise<CommandFacts> {
  try {
    await api.request({ path: '/version' });
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 403)) throw error;
  }
  return createCommandFacts(api);
}
