/** What reports show of an object in addition to its findings. */
import type { Context } from '../admission/context.ts';
import type { AdmissionRequest } from '../admission/request.ts';
import { ShapeError } from '../pod/pointer.ts';
import type { Workload } from '../pod/workload.ts';
import { teamOf } from '../recording/team.ts';
import type { ReportedObject } from '../report/html/check-run.ts';
import { summaryOf } from './workload-summary.ts';

export async function reportedObject(
  request: AdmissionRequest,
  workload: Workload | undefined,
  context: Context,
): Promise<ReportedObject> {
  const owner = teamOf(request.object);
  if (workload === undefined) return { owner, summary: undefined };
  try {
    return { owner, summary: await summaryOf(request, workload, context) };
  } catch (error) {
    // Only volumes are malformed, because the object was evaluated.
    if (error instanceof ShapeError) return { owner, summary: undefined };
    throw error;
  }
}
