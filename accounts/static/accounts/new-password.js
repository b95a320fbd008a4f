"use strict";

// Hands the new password to the API, which has the rules and the limit, and shows what it says.
const form = document.getElementById("new-password");
const verdict = document.getElementById("verdict");

const sentences = ({ error, details, message }) =>
  Array.isArray(details) ? details.map((one) => one.msg).join(" ") : error || message;

async function send() {
  const answer = await fetch(form.dataset.api, {
    method: "POST",
    credentials: "omit",
    headers: { "Content-Type": "application/json", "Accept-Language": document.documentElement.lang },
    body: JSON.stringify({ token: form.dataset.token, newPassword: form.elements.password.value }),
  });
  return { isDone: answer.ok, said: sentences(await answer.json()) };
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const [button] = form.getElementsByTagName("button");
  button.disabled = true;
  verdict.textContent = "";
  try {
    const { isDone, said } = await send();
    form.hidden = isDone;
    verdict.textContent = said;
  } catch {
    verdict.textContent = verdict.dataset.failed;
  }
  button.disabled = false;
});

form.hidden = false;
