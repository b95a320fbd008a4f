"use strict";

// A question of the demo: asked for without an account, so its key comes with it and it is graded here.
const form = document.getElementById("demo");
const field = document.getElementById("question");
const verdict = document.getElementById("verdict");
const said = JSON.parse(document.getElementById("said").textContent);
const tally = { asked: 0, right: 0 };
const seen = [];
let isAsking = false;

const say = (name, values = {}) => said[name].replace(/%\((\w+)\)s/g, (_whole, key) => values[key]);
const wait = (seconds) =>
  seconds < 90 ? say("seconds", { count: seconds }) : say("minutes", { count: Math.ceil(seconds / 60) });

async function ask() {
  const answer = await fetch(form.dataset.api, {
    method: "POST",
    credentials: "omit", // who is logged in would have it stored, and sealed
    headers: { "Content-Type": "application/json", "Accept-Language": document.documentElement.lang },
    body: JSON.stringify({
      theme: form.elements.theme.value,
      level: form.elements.level.value,
      previousQuestions: seen.slice(-20),
    }),
  });
  if (answer.status === 429) {
    return { trouble: say("busy", { wait: wait(Number(answer.headers.get("Retry-After")) || 60) }) };
  }
  return answer.ok ? { question: (await answer.json()).question } : { trouble: say("failed") };
}

function show({ questionText, options, correctAnswer }) {
  const legend = document.createElement("legend");
  legend.textContent = questionText;
  const buttons = options.map(({ letter, text }) => {
    const button = document.createElement("button");
    const [name, words] = [document.createElement("b"), document.createElement("span")];
    [name.textContent, words.textContent] = [letter, text];
    [button.type, button.value] = ["button", letter];
    button.append(name, words);
    button.addEventListener("click", () => grade(buttons, letter, correctAnswer));
    return button;
  });
  field.replaceChildren(legend, ...buttons);
  field.lang = form.dataset.questionsLanguage;
  field.hidden = false;
  verdict.textContent = "";
  seen.push(questionText);
  buttons[0].focus(); // a screen reader then reads the question, which is the group's name
}

function grade(buttons, chosen, correct) {
  if (buttons.some((button) => button.ariaDisabled === "true")) return;
  const isRight = chosen === correct;
  for (const button of buttons) {
    button.ariaDisabled = "true"; // not `disabled`: the keyboard would lose its place
    if (button.value === correct) mark(button, "right", `✓ ${say("correct")}`);
    else if (button.value === chosen) mark(button, "wrong", `✗ ${say("chosen")}`);
  }
  tally.asked += 1;
  tally.right += isRight;
  const answer = buttons.find((button) => button.value === correct).querySelector("span").textContent;
  verdict.textContent = `${say(isRight ? "right" : "wrong", { letter: correct, answer })} ${say("tally", tally)}`;
  form.querySelector(".choices button").textContent = say("next");
}

function mark(button, name, words) {
  const note = document.createElement("i");
  note.textContent = words;
  note.lang = document.documentElement.lang;
  button.classList.add(name);
  button.append(note);
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (isAsking) return;
  isAsking = true;
  verdict.textContent = say("asking");
  try {
    const { question, trouble } = await ask();
    if (question) show(question);
    else verdict.textContent = trouble;
  } catch {
    verdict.textContent = say("offline");
  } finally {
    isAsking = false;
  }
});
form.hidden = false;
