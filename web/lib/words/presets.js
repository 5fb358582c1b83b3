// @ts-check
/** Texts of presets: on Generate, in menus, in the settings. */

/** @satisfies {Record<string, import("./languages.js").Text>} */
export const PRESETS = {
  "presets.label": { en: "preset", zh: "预设", ja: "プリセット", de: "Voreinstellung" },
  "presets.tooltip": {
    en: "What suits the model: sets the widgets, LoRAs and negative prompt. Your own presets are kept in ComfyUI's settings under Drawbridge.",
    zh: "适合该模型的设置：会设置控件、LoRA 和负面提示词。您自己的预设保存在 ComfyUI 设置的 Drawbridge 中。",
    ja: "モデルに合う設定です。ウィジェット、LoRA、ネガティブプロンプトを設定します。自分のプリセットは ComfyUI の設定の Drawbridge にあります。",
    de: "Was zum Modell passt: setzt Felder, LoRAs und negativen Prompt. Eigene liegen in ComfyUIs Einstellungen unter Drawbridge.",
  },
  "presets.recommended": {
    en: "★ recommended: {steps} steps, guidance {guidance}",
    zh: "★ 推荐：{steps} 步，引导 {guidance}",
    ja: "★ 推奨：{steps} ステップ、ガイダンス {guidance}",
    de: "★ empfohlen: {steps} Schritte, Guidance {guidance}",
  },
  "presets.differs": {
    en: "other than recommended",
    zh: "与推荐设置不同",
    ja: "推奨とは異なる設定",
    de: "anders als empfohlen",
  },
  "presets.none": {
    en: "choose a preset",
    zh: "选择预设",
    ja: "プリセットを選ぶ",
    de: "Voreinstellung wählen",
  },
  "presets.save": {
    en: "+ save as a preset …",
    zh: "+ 另存为预设 …",
    ja: "+ プリセットとして保存 …",
    de: "+ als Voreinstellung speichern …",
  },
  "presets.taken": {
    en: "Preset taken over",
    zh: "已采用预设",
    ja: "プリセットを取り込みました",
    de: "Voreinstellung übernommen",
  },
  "presets.offer": {
    en: "This model has other recommended settings",
    zh: "此模型有不同的推荐设置",
    ja: "このモデルには別の推奨設定があります",
    de: "Für dieses Modell ist anderes empfohlen",
  },
  "presets.offer.detail": {
    en: "{steps} steps, guidance {guidance}. The star above the selected node, or “preset” at Generate, takes them over.",
    zh: "{steps} 步，引导 {guidance}。点击所选节点上方的星形，或“生成”中的“预设”即可采用。",
    ja: "{steps} ステップ、ガイダンス {guidance}。選択したノードの上の星、または「生成」の「プリセット」で取り込めます。",
    de: "{steps} Schritte, Guidance {guidance}. Der Stern über dem gewählten Node oder „Voreinstellung“ bei „Generieren“ übernimmt sie.",
  },
  "presets.follow": {
    en: "with its recommended settings",
    zh: "同时采用其推荐设置",
    ja: "推奨設定も取り込む",
    de: "mit den empfohlenen Einstellungen",
  },
  "presets.save.title": {
    en: "Save as a preset",
    zh: "另存为预设",
    ja: "プリセットとして保存",
    de: "Als Voreinstellung speichern",
  },
  "presets.save.about": {
    en: "Keeps all that is wired to this Generate, LoRAs and negative prompt included, but not the seed, under a name.",
    zh: "以名称保存连接到此“生成”的全部设置，包括 LoRA 和负面提示词，但不包括种子。",
    ja: "この「生成」につながるすべての設定を、LoRA とネガティブプロンプトを含めて（シードを除き）名前を付けて保存します。",
    de: "Merkt sich unter einem Namen alles, was an diesem „Generieren“ hängt, mit LoRAs und negativem Prompt, ohne Seed.",
  },
  "presets.saved": {
    en: "Saved as {name}",
    zh: "已保存为 {name}",
    ja: "{name} として保存しました",
    de: "Gespeichert als {name}",
  },
  "presets.title": { en: "Presets", zh: "预设", ja: "プリセット", de: "Voreinstellungen" },
  "presets.about": {
    en: "Settings of your own under a name. Each is a file that Draw Things pastes (Paste Configuration), to be shared. Generate's “preset” saves new ones.",
    zh: "您自己命名的设置。每个都是可分享的文件，Draw Things 可直接粘贴（Paste Configuration）。在“生成”的“预设”中可保存新的预设。",
    ja: "名前を付けた自分の設定です。それぞれ Draw Things で貼り付けられる（Paste Configuration）ファイルとして共有できます。新しいものは「生成」の「プリセット」で保存します。",
    de: "Eigene Einstellungen unter einem Namen. Jede ist eine Datei zum Weitergeben, die Draw Things einsetzt (Paste Configuration). Neue speichert „Voreinstellung“ bei „Generieren“.",
  },
  "presets.empty": {
    en: "No preset is saved yet.",
    zh: "尚未保存任何预设。",
    ja: "保存されたプリセットはまだありません。",
    de: "Noch ist keine Voreinstellung gespeichert.",
  },
  "presets.line": {
    en: "{steps} steps, guidance {guidance}, LoRAs: {loras}",
    zh: "{steps} 步，引导 {guidance}，LoRA：{loras}",
    ja: "{steps} ステップ、ガイダンス {guidance}、LoRA：{loras}",
    de: "{steps} Schritte, Guidance {guidance}, LoRAs: {loras}",
  },
  "presets.share": {
    en: "Save as a file",
    zh: "保存为文件",
    ja: "ファイルとして保存",
    de: "Als Datei sichern",
  },
  "presets.add": {
    en: "Add from a file",
    zh: "从文件添加",
    ja: "ファイルから追加",
    de: "Aus Datei hinzufügen",
  },
};
