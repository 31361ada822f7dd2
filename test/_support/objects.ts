/** Small objects for tests of the store and of what works on it. */
import { Cluster, ClusterSpec, Node, NodeSpec, NodeStatus, ReplicatedMode } from '#proto';
import { Service, ServiceSpec, Task, TaskSpec, TaskStatus } from '#proto';

export function aTask(init: Partial<Task> = {}): Task {
  return Task.create({ id: 't1', spec: TaskSpec.create(), status: TaskStatus.create(), ...init });
}

export function aService(id: string, name: string, replicas = 1): Service {
  const replicated = ReplicatedMode.create({ replicas });
  const spec = ServiceSpec.create({
    name,
    task: TaskSpec.create(),
    mode: { kind: 'replicated', replicated },
  });
  return Service.create({ id, spec });
}

export function aNode(id: string, init: Partial<Node> = {}): Node {
  return Node.create({ id, spec: NodeSpec.create(), status: NodeStatus.create(), ...init });
}

export function aCluster(id = 'cluster'): Cluster {
  return Cluster.create({ id, spec: ClusterSpec.create({ name: 'default' }) });
}
