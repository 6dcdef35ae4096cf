/** Images in kinds of Argo and Tekton. A part of the table in `kinds.ts`. */
import { type KindEntry, template, volumeImages } from './kind-entry.ts';

const TEMPLATE = '/spec/template/spec';

const argoTemplate = (at: string): string[] => [
  ...['container', 'script', 'containerSet/containers/*', 'initContainers/*', 'sidecars/*'].map(
    (part) => `${at}/${part}/image`,
  ),
  volumeImages(`${at}/volumes`),
];

const argoWorkflow = (kind: string, at: string, clusterScoped = false): KindEntry => ({
  group: 'argoproj.io',
  kind,
  clusterScoped,
  placeholder: '{{',
  images: [
    ...argoTemplate(`${at}/templates/*`),
    ...argoTemplate(`${at}/templates/*/steps/*/*/inline`),
    ...argoTemplate(`${at}/templates/*/dag/tasks/*/inline`),
    ...argoTemplate(`${at}/templateDefaults`),
    volumeImages(`${at}/volumes`),
    `${at}/executorPlugins/*/spec/sidecar/container/image`,
  ],
});

const ARGO: readonly KindEntry[] = [
  ...template('argoproj.io', ['Rollout'], TEMPLATE),
  ...template('argoproj.io', ['Experiment'], '/spec/templates/*/template/spec'),
  ...template('argoproj.io', ['AnalysisTemplate', 'AnalysisRun'], '/spec/metrics/*/provider/job/spec/template/spec'),
  {
    group: 'argoproj.io',
    kind: 'ClusterAnalysisTemplate',
    clusterScoped: true,
    podSpecs: ['/spec/metrics/*/provider/job/spec/template/spec'],
  },
  argoWorkflow('Workflow', '/spec'),
  argoWorkflow('WorkflowTemplate', '/spec'),
  argoWorkflow('ClusterWorkflowTemplate', '/spec', true),
  argoWorkflow('CronWorkflow', '/spec/workflowSpec'),
  { group: 'argoproj.io', kind: 'WorkflowTaskSet', placeholder: '{{', images: argoTemplate('/spec/tasks/*') },
];

const tektonSteps = (at: string): string[] => [
  `${at}/steps/*/image`,
  `${at}/sidecars/*/image`,
  `${at}/stepTemplate/image`,
  volumeImages(`${at}/volumes`),
];

/** Tekton's pod templates contain the fields of a Pod other than its containers. */
const tektonPod = (at: string): string => volumeImages(`${at}/podTemplate/volumes`);

const tekton = (kind: string, images: readonly string[], clusterScoped = false): KindEntry => ({
  group: 'tekton.dev',
  kind,
  images,
  clusterScoped,
  placeholder: '$(',
});

/** Levels of pipelines within pipelines. Tekton has no limit. */
const MAX_PIPELINES = 3;

const tektonPipeline = (at: string, level = 1): string[] =>
  [`${at}/tasks/*`, `${at}/finally/*`].flatMap((task) => [
    ...tektonSteps(`${task}/taskSpec`),
    ...(level < MAX_PIPELINES ? tektonPipeline(`${task}/pipelineSpec`, level + 1) : []),
  ]);

const TEKTON: readonly KindEntry[] = [
  tekton('Task', tektonSteps('/spec')),
  tekton('ClusterTask', tektonSteps('/spec'), true),
  tekton('TaskRun', [...tektonSteps('/spec/taskSpec'), tektonPod('/spec')]),
  tekton('Pipeline', tektonPipeline('/spec')),
  tekton('PipelineRun', [
    ...tektonPipeline('/spec/pipelineSpec'),
    ...['/spec', '/spec/taskRunTemplate', '/spec/taskRunSpecs/*'].map(tektonPod),
    volumeImages('/spec/taskRunSpecs/*/taskPodTemplate/volumes'),
  ]),
  tekton('StepAction', ['/spec/image']),
];

export const WORKFLOW_KINDS: readonly KindEntry[] = [...ARGO, ...TEKTON];
