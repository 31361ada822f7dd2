import test from 'ava';
import { checkTranscript, transcriptsIn } from '#test/_support/transcript';
import { fileURLToPath } from 'node:url';
import { RaftDesk } from '#test/_support/raft-desk';

const transcripts = transcriptsIn(fileURLToPath(new URL('transcripts', import.meta.url)));

for (const transcript of transcripts) {
  test(`the core does what the transcript says: ${transcript.name.replaceAll('-', ' ')}`, (t) => {
    const desk = new RaftDesk();
    const { expected, actual } = checkTranscript(transcript, (command) => desk.run(command));
    t.is(actual, expected);
  });
}

test('there are transcripts', (t) => {
  t.true(transcripts.length >= 8);
});
