import { either, maybe, type Plot, SKY, some } from '../plot.js'

export const lostThing: Plot = {
  name: 'lost-thing',
  cast: { helper: 'friend|older|friend' },
  things: { thing: 'small own' },
  place: 'out play|in home play',
  want: 'thing',
  beats: [
    `- [Day], [hero] went [place.to] with [hero.his] [thing.full]. [Hero.He] liked to [thing.use].
     - [Day], [hero] took [hero.his] [thing.full] [place.to]. It was [hero.his] favorite thing in the whole
       world.
     - [Day], [hero] was [place.in]. [Hero.He] had brought [thing.a], because [hero.he] wanted to [thing.use].
     - [Day], while [hero] was [place.in], something bad happened. [Hero.He] lost [hero.his] [thing.full].
     - [Day], [hero] played [place.in] for hours. [Hero.He] had [thing.a] that [hero.he] loved very much.
     - [Day], after breakfast, [hero] carried [hero.his] [thing.full] [place.to] to [thing.use].`,
    SKY,
    `- But when [hero.he] wanted to go home, the [thing] was gone. "Where is my [thing]?" [hero] cried.
     - {After a while|Later}, [hero] looked around. "$ohno! My [thing] is gone!" [hero.he] {cried|said}.
     - $atonce, [hero] saw that the [thing] was not there anymore. [Hero.He] felt $sad.
     - When it was time for lunch, [hero] could not find the [thing]. A tear ran down [hero.his] cheek.
     - But then [hero] could not find the [thing] anywhere. "I had it a minute ago," [hero.he] said.
     - [Hero] put the [thing] down for a moment and forgot it. When [hero.he] came back, it was not there.`,
    some(
      1,
      2,
      `- [Hero] looked [place.spot2], but the [thing] was not there.
     - First [hero.he] searched [place.spot3]. There was nothing {but dust|there|to see}.
     - [Hero] looked to the left and to the right. No [thing]!
     - [Hero] asked everyone [hero.he] met, but nobody had seen the [thing].
     - [Hero] turned around and looked [place.spot3]. All [hero.he] found was {an old sock|a dry leaf|a small
       stone|a bent spoon}.`,
    ),
    `- Then [helper] came by. "Why are you so sad?" asked [helper]. "I lost my [thing]," said [hero]. "I will
       help you look," said [helper].
     - [Helper] saw that [hero] was sad. "What is wrong?" [helper.he] asked. "My [thing] is lost," [hero]
       said. "$dontworry. We will find it together."
     - [Hero] ran to [helper] and told [helper.him] about the lost [thing]. "Where did you see it last?" asked
       [helper]. [Hero] thought about it $hard.
     - "Can you help me find my [thing]?" [hero] asked [helper]. "$yes," said [helper]. "Four eyes see more
       than two."
     - Along came [helper]. When [helper.he] heard about the [thing], [helper.he] said, "Let us look again,
       very slowly."
     - $soon, [helper] heard [hero] crying and came to see what was the matter. "I will not go home before we
       find your [thing]," said [helper].`,
    `- They $looked. $atonce, [helper] pointed. There was the [thing], [place.spot]!
     - Together they searched every corner. $finally, [hero] found the [thing] [place.spot].
     - Side by side, they looked high and low. "I see something [thing.hue]!" called [helper]. It was the
       [thing], [place.spot].
     - They went back the same way. And there it was! The [thing] was [place.spot].
     - [Helper] looked [place.spot]. "Is this it?" [helper.he] asked. "Yes!" shouted [hero]. "That is my
       [thing]!"
     - [Hero] got down on hands and knees and looked [place.spot]. "Here it is!" [hero.he] called. "Here is my
       [thing]!"`,
    `- [Hero] was $happy and $hug [helper]. "$thanks!" [hero.he] said.
     - "$thanks, [helper.name]!" said [hero]. "You are a true friend."
     - [Hero] held the [thing] tight and $smiled. "I would never have found it without you," [hero.he] told
       [helper].
     - "Hooray!" cried [hero], jumping up and down. [Helper] laughed, too.
     - They both laughed, and then they played with the [thing] together.
     - To say thank you, [hero] let [helper] [thing.use], too.`,
    maybe(
      0.5,
      `- After that, [hero] always put the [thing] {back in its place|in a safe place}.
     - On the way home, [hero] held the [thing] with both hands.
     - That night, the [thing] lay next to [hero.him] on the pillow.`,
    ),
  ],
  moral:
    "it is good to ask for help|friends help each other|one should take good care of one's things|two can find more than one|it helps to stay calm and look again",
  feelings: 'happy|glad|thankful|relieved',
  questions: `
    What did [hero.full] lose? = [Hero.full] lost the [thing].
    Who helped [hero.full]? = [Helper.full] helped [hero.full].
    Where was the [thing]? = The [thing] was [place.spot].
    Why was [hero.full] sad? = [Hero.full] was sad because the [thing] was gone.`,
}

export const lostWay: Plot = {
  name: 'lost-way',
  traits: 'curious|bold|dreamy|lively|brave',
  cast: { helper: 'old|wild|old', parent: 'parent' },
  place: 'out wild walk|town out walk|water walk',
  lets: {
    lure: 'a blue butterfly|a little white rabbit|a big red balloon|a yellow bird|a funny sound|a golden leaf in the wind|a green dragonfly|the smell of cake|a squirrel with a nut|a striped cat',
    sign: 'a tall tower|a red roof|a crooked tree|a white fence|an old well|a big gray rock|a stone bridge|a yellow sign',
  },
  want: 'lure',
  beats: [
    `- [Day], [hero] and [parent] went for a walk [place.in].
     - [Day], [hero] was [place.in] with [parent].
     - [Day], [parent] took [hero] [place.to]. "Stay close to me," said [parent].
     - [Day], [hero] went [place.to] with [parent]. There was so much to see.
     - [Day], [hero] asked [parent] to go [place.to]. "All right, but do not run away," said [parent].`,
    `- $atonce, [hero] noticed [lure]. Without thinking, [hero.he] followed it.
     - [Hero] saw [lure] and forgot everything else. [Hero.He] went after it, farther and farther.
     - "What is that?" thought [hero]. It was [lure]! [Hero.He] followed it around one corner and then around
       another.
     - Something made [hero] stop. It was [lure]. [Hero] just had to follow it.
     - While [parent] was talking to somebody, [hero] ran after [lure].`,
    `- When [hero.he] stopped, [hero.he] did not know where [hero.he] was. Nothing looked the same.
     - Then it was gone, and [hero] was all alone. "Where am I?" [hero.he] whispered.
     - $soon, [hero] turned around. [Parent] was nowhere to be seen. [Hero] was lost!
     - After some time, [hero] looked back. There was no path anymore. [Hero.He] was lost and $scared.
     - But when [hero.he] wanted to go back, [hero.he] did not know the way.`,
    `- [Hero] sat down and $cried. "I want to go home," [hero.he] said.
     - [Hero.His] $heart, but [hero.he] tried to be brave.
     - [Hero] called and called, but nobody answered.
     - "[Parent.name]! Where are you?" [hero] called. Only the wind answered.
     - [Hero] remembered what [parent] had said: "If you are lost, stay where you are." So [hero.he] sat down
       and waited.`,
    `- After a while, [helper] came along. "Are you lost, little one?" asked [helper]. [Hero] nodded.
     - Then [hero] heard steps. It was [helper]. "Why are you all alone?" asked [helper].
     - "Hello there," said a voice. [Hero] looked up and saw [helper]. "Can I help you?"
     - By chance, [helper] was passing. "You look sad," said [helper]. "I cannot find my way home," [hero]
       answered.
     - Luckily, [helper] heard [hero] and came closer. "Do not be afraid," said [helper] $softly.`,
    `- "What did you see on your way?" asked [helper]. "I saw [sign]," said [hero]. "I know where that is!
       Come with me."
     - [Hero] remembered that there was [sign] near the place where [hero.he] started. [Helper] knew the place
       and showed [hero.him] the way.
     - [Hero] thought $hard. "There was [sign]!" [hero.he] said. "Good," said [helper]. "Then it is not far."
     - [Helper] led [hero] past [sign]. "Now I know where we are!" cried [hero].
     - They walked together and talked. When [hero] saw [sign], [hero.he] knew the way again.`,
    `- And there was [parent], who had been looking for [hero] everywhere. They hugged for a long time.
     - Soon they saw [parent]. "There you are!" cried [parent]. "I was so worried!"
     - [Parent] came running. "I am so sorry that I ran away," said [hero]. [Parent] $hug [hero].
     - "[Parent.name]!" shouted [hero] and ran into [parent.his] arms.
     - [Parent] thanked [helper] and held [hero] tight.
     - [Parent] was not angry. "I am just glad that you are safe," [parent] said.`,
    maybe(
      0.6,
      `- "Next time I will stay close to you," [hero] promised.
     - [Hero] waved goodbye to [helper] and held [parent.his] hand all the way home.
     - They walked home hand in hand.
     - At home, they had warm milk, and [hero] told the whole story.
     - [Helper] smiled and went on [helper.own] way.`,
    ),
  ],
  moral:
    'it is important to stay close to the ones who look after us|it is good to look where one is going|it is better to ask before running off|kind people are everywhere',
  feelings: 'safe|happy|thankful|glad to be home',
  questions: `
    What did [hero.full] follow? = [Hero.full] followed [lure].
    Who helped [hero.full]? = [Helper.full] helped [hero.full].
    Where did [hero.full] get lost? = [Hero.full] got lost [place.in].
    What did [hero.full] remember? = [Hero.full] remembered [sign].`,
}

export const foundThing: Plot = {
  name: 'found-thing',
  traits: 'honest|kind|good|thoughtful|careful|bright',
  cast: { owner: 'old|newcomer|neighbor', parent: 'parent' },
  things: { thing: 'found' },
  place: 'out walk|in town',
  want: 'thing',
  beats: [
    `- [Day], [hero] was walking [place.in] when [hero.he] saw something [place.spot]. It was [thing.a]!
     - [Day], [hero] found [thing.a] [place.in]. It was lying [place.spot].
     - [Day], [hero] went [place.to]. There, [place.spot], lay [thing.a].
     - [Day], [hero] saw something shine [place.in]. It was [thing.a], and it lay [place.spot].
     - [Day], [hero] stopped [place.in]. "What is that?" [hero.he] said and looked [place.spot]. It was
       [thing.a].`,
    `- [Hero] picked it up. It was so nice that [hero.he] wanted to keep it.
     - "How beautiful!" thought [hero]. "Can I keep it?"
     - [Hero] looked around, but there was nobody. [Hero.He] put the [thing] in [hero.his] bag.
     - "I wish it were mine," [hero] said and turned it over and over in [hero.his] hands.
     - At first, [hero.he] was happy. But then [hero.he] thought, "Somebody must be missing this [thing]."
     - [Hero] had always wanted such a [thing]. But whose was it?`,
    `- [Hero] showed it to [parent]. "It belongs to someone," said [parent]. "How would you feel if you lost
       it?"
     - [Hero.He] asked [parent] what to do. "Let us look for the owner," said [parent].
     - "If I lost my best thing, I would be very sad," [hero] thought. So [hero.he] decided to find the owner.
     - At home, [parent] saw the [thing]. "Where did you get that?" [parent] asked. [Hero] told the truth.
     - [Hero] thought about it all through lunch. Then [hero.he] knew what was right.`,
    some(
      1,
      1,
      `- [Hero] went back and asked everyone, "Is this your [thing]?" One after the other shook their heads.
     - [Hero] made a sign that said, "I found a [thing]." Then [hero.he] waited.
     - First, [hero] asked {a man with a dog|two girls on a bench|a woman with a basket|a boy with an ice
       cream}. "No, it is not mine," was the answer.
     - Back [place.in], [hero] waited near the place where the [thing] had been.`,
    ),
    `- Then [owner] came along, looking at the ground. "Did you lose something?" asked [hero]. "Yes, my
       [thing]," said [owner].
     - $soon, [hero] met [owner], who looked $sad. "I have lost my [thing]," said [owner].
     - There was [owner], searching and searching. "Are you looking for this?" asked [hero] and held up the
       [thing].
     - At last, [hero] saw [owner]. [Owner.He] was looking [place.spot]. "It was here this morning," [owner]
       said with a sigh.
     - Not far away, [owner] sat with tears in [owner.own] eyes. "My [thing] is gone," said [owner]. "It was a
       present from my grandmother."`,
    `- [Hero] gave the [thing] back. "$thanks!" said [owner]. "You are very honest."
     - "Here it is," said [hero]. [Owner.His] face lit up. "You found it! $thanks!"
     - [Hero] smiled and held out the [thing]. [Owner] could not believe it and laughed with joy.
     - When [hero] put the [thing] into [owner.his] hands, [owner] almost cried with joy.
     - "It is yours, and I am happy to give it back," said [hero]. "What a good heart you have," said
       [owner].`,
    either(
      [
        `- To say thank you, [owner] gave [hero] [snack.some].
         - "You must have [snack.some]," said [owner]. [Snack.They] [snack.was] $verygood.
         - Then [owner] shared [snack.some] with [hero], and they talked for a while.
         - The next day, [owner] brought [snack.some] for [hero] as a thank-you.`,
      ],
      [
        `- After that, they were friends and often waved to each other.
         - [Parent] was very proud of [hero].
         - [Hero] had nothing in [hero.his] hands now, but [hero.his] heart was full.
         - That felt much better than keeping the [thing].`,
      ],
    ),
  ],
  foods: { snack: 'snack' },
  moral:
    'it feels good to be honest|it is right to give back what belongs to others|an honest heart is worth more than any treasure|giving back is better than keeping',
  feelings: 'proud|good|happy|content',
  questions: `
    What did [hero.full] find? = [Hero.full] found [thing.a].
    Where did the [thing] lie? = The [thing] lay [place.spot].
    Who had lost the [thing]? = [Owner.full] had lost the [thing].
    What did [hero.full] do with the [thing]? = [Hero.full] gave the [thing] back.`,
}
