"""Uses hedra's own client against the sandbox at argv[1], and prints what it made of it."""

import base64
import json
import sys

from hedra import Hedra, InputElevenlabsV3, InputHedraCharacter3, StatusResponse
from hedra.core.api_error import ApiError

PORTRAIT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAoAAAAUCAIAAADp6qvFAAAAGElEQVR4nGNgYPiPD43CMhVgVBhNpmEKAH0jnxFKpXb7AAAAAElFTkSuQmCC"
)

client = Hedra(api_key="some-id:some-secret", base_url=f"{sys.argv[1]}/hedra/v3")

voice = client.models.search_voices("elevenlabs-v3", q="Rachel", limit=1).data[0]


def speak(text, key=None):
    spoken = InputElevenlabsV3(text=text, voice_id=voice.id, language="auto")
    return client.jobs.submit_elevenlabs_v3(input=spoken, idempotency_key=key)


def states(job_id):
    return [event.status for event in client.jobs.stream(job_id) if isinstance(event, StatusResponse)]


def refusal(work):
    try:
        work()
    except ApiError as error:
        return [error.status_code, error.body.error.code, error.body.error.type]


speech = speak("Said twice, made once.", "order-1")
followed = states(speech.job_id)
spoken = client.jobs.get(speech.job_id)
portrait = client.files.upload(file=("face.png", PORTRAIT, "image/png"))
film = client.jobs.submit_hedra_character3(
    input=InputHedraCharacter3(
        prompt="a woman talks",
        aspect_ratio="9:16",
        resolution="540p",
        start_image={"source": "url", "url": portrait.url},
        audio={"source": "asset", "asset_id": spoken.outputs[0].asset_id},
    )
)
# The answer is lost in a gateway: the client repeats it, with the key that it chose itself.
speak("Said once. [[sandbox:proxy-error-once]]")
failed = speak("[[sandbox:failed]]")

print(
    json.dumps(
        {
            "modalities": sorted({model.modality for model in client.models.list().data}),
            "model": client.models.get("hedra-character-3").name,
            "voices": [voice.name for voice in client.models.list_voices("elevenlabs-v3").data],
            "found": voice.name,
            "estimate": client.models.estimate(
                "elevenlabs-v3", input={"text": "Said twice, made once.", "voice_id": voice.id}
            ).cost,
            "cost": spoken.cost,
            "states": followed,
            "repeated": speak("Said twice, made once.", "order-1").job_id == speech.job_id,
            "status": client.jobs.get_status(film.job_id).status,
            "film": [client.jobs.get(film.job_id).outputs[0].width, client.jobs.get(film.job_id).outputs[0].url],
            "jobs": [job.created_at.year > 2000 for job in client.jobs.list(limit=2)],
            "films": [job.job_id == film.job_id for job in client.models.list_model_jobs("hedra-character-3")],
            "failed": [*states(failed.job_id), client.jobs.get(failed.job_id).error.code],
            "quota": refusal(lambda: speak("[[sandbox:quota]]")),
            "rejected": refusal(lambda: speak("[[sandbox:content-rejected]]")),
            "balance": client.billing.get_balance().balance,
            "algorithm": client.webhooks.get_public_key().algorithm,
        }
    )
)
