/** A thread that evaluates chunks of recordings. */
import { parentPort, workerData } from 'node:worker_threads';
import { loadOwnModulesFast } from '../own-modules.ts';
import type { EvaluatorSettings } from './evaluator.ts';

loadOwnModulesFast();
const { evaluateTasks } = await import('./evaluate-tasks.ts');
// The pool passes them.
if (parentPort !== null) evaluateTasks(parentPort, workerData as EvaluatorSettings);
