// Uses clients that are not ours against the sandbox at argv[2], and prints what they made of it.
import { createBlackForestLabs } from '@ai-sdk/black-forest-labs';
import { ElevenLabsClient } from '@elevenlabs/elevenlabs-js';
import { MiniMaxSDK } from 'mmx-cli/sdk';

const url = process.argv[2];

async function elevenlabs() {
  const client = new ElevenLabsClient({ apiKey: 'k', baseUrl: `${url}/elevenlabs` });
  const voice = (await client.voices.search({ search: 'George', includeTotalCount: false })).voices[0];
  const text = 'Hello there. [[sandbox:rate-limited-once]]';
  const speech = await client.textToSpeech.convert(voice.voiceId, { text, outputFormat: 'pcm_16000' });
  const timed = await client.textToSpeech.convertWithTimestamps(voice.voiceId, { text: 'Hi' });
  const refused = await client.textToSpeech.convert(voice.voiceId, { text: '[[sandbox:quota]]' }).catch((e) => e);
  const { history } = await client.history.list({ voiceId: voice.voiceId });
  const subscription = await client.user.subscription.get();
  return {
    voice: voice.name,
    sameVoice: (await client.voices.get(voice.voiceId)).name,
    speechBytes: (await bytesOf(speech)).length,
    characters: timed.alignment.characters,
    history: history.map((item) => item.text),
    heardAgain: (await bytesOf(await client.history.getAudio(history[0].historyItemId))).length,
    models: (await client.models.list()).map((model) => model.modelId),
    used: subscription.characterCount,
    overage: subscription.currentOverage,
    refused: [refused.statusCode, refused.body.detail.code],
  };
}

async function minimax() {
  const client = new MiniMaxSDK({ apiKey: 'k', baseUrl: `${url}/minimax` });
  const make = (model, prompt) => client.video.generate({ model, prompt, pollInterval: 0 });
  const refusalOf = (work) => work.catch(({ message, exitCode }) => [message, exitCode]);
  const video = await make('MiniMax-Hailuo-2.3', 'a fox');
  const { file } = await client.file.retrieve(video.file_id);
  const images = await client.image.generate({ prompt: 'a fox', n: 2 });
  const speech = await client.speech.synthesize({ text: 'Hello there.', model: 'speech-2.8-hd' });
  const videoV2 = await make('MiniMax-H3', 'a fox');
  return {
    video: [video.status, video.video_width, await typeOf(file.download_url)],
    videoV2,
    againV2: (await client.video.getTask({ taskId: videoV2.id, model: 'MiniMax-H3' })).status,
    images: [images.data.success_count, images.data.image_urls.length],
    speechBytes: speech.data.audio.length / 2,
    saidBytes: speech.extra_info.audio_size,
    quota: await refusalOf(make('MiniMax-Hailuo-2.3', '[[sandbox:quota]]')),
    quotaV2: await refusalOf(make('MiniMax-H3', '[[sandbox:quota]]')),
    rejectedV2: await refusalOf(make('MiniMax-H3', '[[sandbox:content-rejected]]')),
    failed: await refusalOf(make('MiniMax-Hailuo-2.3', '[[sandbox:failed]]')),
    failedV2: await refusalOf(make('MiniMax-H3', '[[sandbox:failed]]')),
  };
}

async function blackForestLabs() {
  const flux = createBlackForestLabs({ apiKey: 'k', baseURL: `${url}/black-forest-labs/v1` });
  const image = { prompt: 'a fox', n: 1, size: '512x256', providerOptions: {}, headers: {} };
  return Buffer.from((await flux.image('flux-pro-1.1').doGenerate(image)).images[0]).toString('base64');
}

async function bytesOf(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const typeOf = async (file) => (await fetch(file)).headers.get('content-type');

const [speech, films, image] = await Promise.all([elevenlabs(), minimax(), blackForestLabs()]);
// Not left to end by itself: a client keeps a timer for a minute more.
process.stdout.write(JSON.stringify({ elevenlabs: speech, minimax: films, image }), () => process.exit());
