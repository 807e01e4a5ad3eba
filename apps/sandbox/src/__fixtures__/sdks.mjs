// Uses two clients that are not ours against the sandbox at argv[2], and prints what they made of it.
import { createBlackForestLabs } from '@ai-sdk/black-forest-labs';
import { ElevenLabsClient } from '@elevenlabs/elevenlabs-js';

const url = process.argv[2];
const client = new ElevenLabsClient({ apiKey: 'k', baseUrl: `${url}/elevenlabs` });
const bytesOf = async (stream) => {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
};

const voice = (await client.voices.search({ search: 'George' })).voices[0];
const text = 'Hello there. [[sandbox:rate-limited-once]]';
const speech = await client.textToSpeech.convert(voice.voiceId, { text, outputFormat: 'pcm_16000' });
const timed = await client.textToSpeech.convertWithTimestamps(voice.voiceId, { text: 'Hi' });
const refused = await client.textToSpeech.convert(voice.voiceId, { text: '[[sandbox:quota]]' }).catch((error) => error);

const flux = createBlackForestLabs({ apiKey: 'k', baseURL: `${url}/black-forest-labs/v1` });
const image = { prompt: 'a fox', n: 1, size: '512x256', providerOptions: {}, headers: {} };

console.log(
  JSON.stringify({
    voice: voice.name,
    speechBytes: (await bytesOf(speech)).length,
    characters: timed.alignment.characters,
    history: (await client.history.list({ voiceId: voice.voiceId })).history.map((item) => item.text),
    models: (await client.models.list()).map((model) => model.modelId),
    used: (await client.user.subscription.get()).characterCount,
    refused: [refused.statusCode, refused.body.detail.code],
    image: Buffer.from((await flux.image('flux-pro-1.1').doGenerate(image)).images[0]).toString('base64'),
  }),
);
