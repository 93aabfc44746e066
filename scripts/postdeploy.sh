#!/bin/sh
# Subscribes the blob triggers to Event Grid. azd runs it after a deployment, with the outputs of infra/main.bicep as its environment; it may run again at any time.
set -eu
: "${AZURE_RESOURCE_GROUP:?run it by azd, or set what infra/main.bicep puts out}"
: "${FANFOLD_FUNCTION_APP:?}" "${FANFOLD_STATE_TOPIC:?}" "${FANFOLD_DATA_TOPIC:?}" "${FANFOLD_DATA_CONTAINER:?}"
command -v az >/dev/null || { echo "error: the Azure CLI (az) is needed to subscribe the blob triggers." >&2; exit 1; }

tries=10
until az deployment group create --only-show-errors --output none \
  --name fanfold-events --resource-group "$AZURE_RESOURCE_GROUP" --template-file "$(dirname "$0")/../infra/events.bicep" \
  --parameters functionAppName="$FANFOLD_FUNCTION_APP" stateTopicName="$FANFOLD_STATE_TOPIC" dataTopicName="$FANFOLD_DATA_TOPIC" dataContainer="$FANFOLD_DATA_CONTAINER"
do
  tries=$((tries - 1))
  if [ "$tries" -eq 0 ]; then
    echo "error: the blob triggers are not subscribed; runs start over HTTP only. Run scripts/postdeploy.sh again when the app answers." >&2
    exit 1
  fi
  # The key of the blob extension is made, and the address answers, when the app has started.
  echo "The app is not ready for subscriptions yet; $tries tries left."
  sleep 30
done
echo "The blob triggers are subscribed."
